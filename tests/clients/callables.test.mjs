// firebase/functions: main.py's callables as a page calls them, with an ID token as the auth emulator makes them.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, describe, test } from "node:test";

import { Component } from "@firebase/component";
import { createMockUserToken } from "@firebase/util";
import { deleteApp as deleteAdmin, initializeApp as initializeAdmin } from "firebase-admin/app";
import { Timestamp, getFirestore } from "firebase-admin/firestore";
import { _addComponent, deleteApp, initializeApp } from "firebase/app";
import { connectFunctionsEmulator, getFunctions, httpsCallable } from "firebase/functions";

import { firstOf, functionsAddress, hostAndPort, stackProject } from "./stack.mjs";

/** Functions as a signed-in user calls them. The SDK asks its auth component for tokens; signing in wants a server. */
function functionsFor(claims) {
  const app = initializeApp({ projectId: stackProject, apiKey: "any" }, randomUUID());
  if (claims !== null) {
    const accessToken = createMockUserToken({ sub: "someone", ...claims }, stackProject);
    const auth = { getToken: async () => ({ accessToken }), addAuthTokenListener() {}, removeAuthTokenListener() {} };
    _addComponent(app, new Component("auth-internal", () => auth, "PRIVATE"));
  }
  const functions = getFunctions(app);
  connectFunctionsEmulator(functions, ...hostAndPort(functionsAddress));
  return { call: async (name, data) => (await httpsCallable(functions, name)(data)).data, close: () => deleteApp(app) };
}

describe("firebase/functions", () => {
  const orgId = `org_${randomUUID().slice(0, 8)}`;
  const admin = initializeAdmin({ projectId: stackProject }, orgId);
  const db = getFirestore(admin);
  const till = functionsFor({ orgId, role: "budtender" });
  const stranger = functionsFor({ orgId: "another_org", role: "owner" });
  const nobody = functionsFor(null);
  after(() => Promise.all([till.close(), stranger.close(), nobody.close(), deleteAdmin(admin)]));

  test("an order written by a client is points that a callable tells of", async () => {
    const now = Timestamp.now();
    await db.collection("orders").doc(orgId).set({
      orgId, source: "alleaves", mode: "live", status: "completed", userId: "4711",
      customer: { name: "Ada Okafor", email: "ada@example.com", phone: "+13125550123" },
      totals: { subtotal: 50, tax: 0, total: 50 }, createdAt: now, updatedAt: now,
    });
    const customers = db.collection("customers").where("orgId", "==", orgId);
    const snapshot = await firstOf((next, error) => customers.onSnapshot(next, error), (it) => it.size === 1);
    const [customer] = snapshot.docs;
    const answer = await till.call("check_points", { orgId, customerId: customer.id });
    assert.equal(answer.customerId, customer.id);
    assert.equal(answer.points, customer.get("points"));
    assert.ok(answer.points > 0);
    const asked = { orgId, customerId: customer.id };
    await assert.rejects(nobody.call("check_points", asked), { code: "functions/unauthenticated" });
    await assert.rejects(stranger.call("check_points", asked), { code: "functions/permission-denied" });
    await assert.rejects(till.call("check_points", { orgId, customerId: 5 }), { code: "functions/invalid-argument" });
  });
});
