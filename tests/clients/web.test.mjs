// firebase/firestore, the web SDK in full: everything it reads comes over Listen, everything it writes goes over Write.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";

import { deleteApp, initializeApp } from "firebase/app";
import * as web from "firebase/firestore";

import { firestoreAddress, firstOf, freshProject, hostAndPort } from "./stack.mjs";

// The SDK prints every refusal that a test asks for.
web.setLogLevel("silent");

function connect(projectId, name) {
  const app = initializeApp({ projectId, apiKey: "any" }, name);
  const db = web.getFirestore(app);
  web.connectFirestoreEmulator(db, ...hostAndPort(firestoreAddress), { mockUserToken: "owner" });
  return { db, close: () => deleteApp(app) };
}

describe("firebase/firestore", () => {
  const projectId = freshProject();
  const mine = connect(projectId, `${projectId}-mine`);
  const theirs = connect(projectId, `${projectId}-theirs`);
  const { db } = mine;
  after(() => Promise.all([mine.close(), theirs.close()]));

  // What comes from the server, not from the cache: a client that lost the server would answer from that.
  const stored = async (path) => (await web.getDocFromServer(web.doc(db, path))).data();

  test("writes in order, and a refused one does not stop the rest", async () => {
    const ref = web.doc(db, "c/a");
    await web.setDoc(ref, { n: 1, at: web.serverTimestamp() });
    await web.updateDoc(ref, { n: web.increment(4), "deep.er": [1] });
    await assert.rejects(web.updateDoc(web.doc(db, "c/none"), { n: 1 }), { code: "not-found" });
    const batch = web.writeBatch(db);
    batch.set(web.doc(db, "c/b"), { n: 2 });
    batch.update(ref, { list: web.arrayUnion("x") });
    await batch.commit();
    const { n, deep, list, at } = await stored("c/a");
    assert.deepEqual([n, deep, list, at instanceof web.Timestamp], [5, { er: [1] }, ["x"], true]);
    const many = Array.from({ length: 20 }, (_, it) => web.setDoc(web.doc(db, "many", `d${it}`), { it }));
    await Promise.all(many);
    assert.equal((await web.getCountFromServer(web.collection(db, "many"))).data().count, 20);
    await web.deleteDoc(ref);
    assert.equal(await stored("c/a"), undefined);
  });

  test("queries and aggregations", async () => {
    const items = web.collection(db, "items");
    await Promise.all([1, 2, 3, 4].map((n) => web.setDoc(web.doc(items, `i${n}`), { n })));
    const ns = async (...constraints) =>
      (await web.getDocsFromServer(web.query(items, ...constraints))).docs.map((doc) => doc.get("n"));
    assert.deepEqual(await ns(web.where("n", ">", 1), web.orderBy("n", "desc"), web.limit(2)), [4, 3]);
    assert.deepEqual(await ns(web.orderBy("n"), web.limitToLast(2)), [3, 4]);
    assert.deepEqual(await ns(web.where("n", "in", [1, 9])), [1]);
    const totals = { sum: web.sum("n"), count: web.count() };
    assert.deepEqual((await web.getAggregateFromServer(items, totals)).data(), { sum: 10, count: 4 });
  });

  test("listeners see what another client writes", async () => {
    const path = "watched/a";
    const first = await firstOf(
      (next, error) => web.onSnapshot(web.doc(db, path), next, error),
      (doc) => !doc.metadata.fromCache,
    );
    assert.equal(first.exists(), false);
    const rows = web.query(web.collection(db, "watched"), web.where("n", ">", 0), web.orderBy("n"));
    const states = [];
    await firstOf(
      (next, error) => web.onSnapshot(rows, next, error),
      (snapshot) => {
        if (snapshot.metadata.fromCache) return false;
        states.push(snapshot.docs.map((doc) => `${doc.id}${doc.get("n")}`).join(" "));
        const steps = [
          () => web.setDoc(web.doc(theirs.db, path), { n: 1 }),
          () => web.setDoc(web.doc(theirs.db, "watched/b"), { n: 2 }),
          () => web.setDoc(web.doc(theirs.db, path), { n: 3 }),
          () => web.setDoc(web.doc(theirs.db, "watched/b"), { n: 0 }),
          () => web.deleteDoc(web.doc(theirs.db, path)),
        ];
        void steps[states.length - 1]?.();
        return states.length === 6;
      },
    );
    assert.deepEqual(states, ["", "a1", "a1 b2", "b2 a3", "a3", ""]);
  });

  test("several listeners share a stream and end one by one", async () => {
    const seen = new Map();
    const listeners = ["x", "y", "z"].map((id) =>
      web.onSnapshot(web.doc(db, "shared", id), (doc) => doc.exists() && seen.set(id, doc.get("n"))));
    const settled = (id, n) => firstOf(
      (next, error) => web.onSnapshot(web.doc(db, "shared", id), next, error),
      (doc) => doc.exists() && doc.get("n") === n && !doc.metadata.hasPendingWrites,
    );
    await Promise.all(["x", "y", "z"].map((id) => web.setDoc(web.doc(theirs.db, "shared", id), { n: 1 })));
    await Promise.all(["x", "y", "z"].map((id) => settled(id, 1)));
    listeners[0]();
    await Promise.all(["x", "y"].map((id) => web.setDoc(web.doc(theirs.db, "shared", id), { n: 2 })));
    await settled("y", 2);
    assert.deepEqual([seen.get("x"), seen.get("y"), seen.get("z")], [1, 2, 1]);
    listeners.forEach((unsubscribe) => unsubscribe());
  });

  test("transactions are run again when what they read has changed", async () => {
    const ref = web.doc(db, "counters/one");
    await web.setDoc(ref, { n: 0 });
    let attempts = 0;
    await web.runTransaction(db, async (transaction) => {
      attempts += 1;
      const n = (await transaction.get(ref)).get("n");
      await transaction.get(web.doc(db, "counters/none"));
      if (attempts === 1) await web.setDoc(web.doc(theirs.db, "counters/one"), { n: 10 });
      transaction.update(ref, { n: n + 1 });
    });
    assert.equal(attempts, 2);
    assert.deepEqual(await stored("counters/one"), { n: 11 });
  });

  test("a client that was away catches up", async () => {
    const ref = web.doc(db, "away/a");
    await web.setDoc(ref, { n: 1 });
    const states = [];
    const caughtUp = firstOf(
      (next, error) => web.onSnapshot(ref, { includeMetadataChanges: true }, next, error),
      (doc) => {
        if (!doc.metadata.fromCache) states.push(doc.get("n"));
        if (states.length === 1 && !doc.metadata.fromCache) {
          void web.disableNetwork(db)
            .then(() => web.setDoc(web.doc(theirs.db, "away/a"), { n: 2 }))
            .then(() => web.enableNetwork(db));
        }
        return !doc.metadata.fromCache && doc.get("n") === 2;
      },
    );
    await caughtUp;
    assert.equal(states[0], 1);
  });
});
