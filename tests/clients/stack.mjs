// The running stack, as ./dev test-clients tells of it in the environment, and what several tests need.

import { randomUUID } from "node:crypto";

export const firestoreAddress = process.env.FIRESTORE_EMULATOR_HOST;
export const functionsAddress = process.env.FUNCTIONS_ADDRESS;
export const stackProject = process.env.STACK_PROJECT;

const DEADLINE_MS = 30_000;

/** Host and port of an address. */
export function hostAndPort(address) {
  const at = address.lastIndexOf(":");
  return [address.slice(0, at), Number(address.slice(at + 1))];
}

/** A project nobody else uses. */
export function freshProject() {
  return `demo-${randomUUID().slice(0, 13)}`;
}

/**
 * The first value of a listener that `accept` says yes to; an error when none comes in time.
 *
 * `listen(next, error)` starts it and returns the unsubscribing function.
 */
export function firstOf(listen, accept) {
  return new Promise((resolve, reject) => {
    let unsubscribe = () => {};
    const late = setTimeout(() => end(reject, new Error("no such snapshot in time")), DEADLINE_MS);
    const end = (settle, value) => {
      clearTimeout(late);
      // Not at once: the first value can come before `listen` has returned.
      queueMicrotask(() => unsubscribe());
      settle(value);
    };
    unsubscribe = listen(
      (value) => accept(value) && end(resolve, value),
      (error) => end(reject, error),
    );
  });
}
