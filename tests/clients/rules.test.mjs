// @firebase/rules-unit-testing: rules of the test's own, contexts with and without a user, and with the rules off.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";

import { assertFails, assertSucceeds, initializeTestEnvironment } from "@firebase/rules-unit-testing";
import * as web from "firebase/firestore";

import { firestoreAddress, freshProject, hostAndPort } from "./stack.mjs";

// The SDK prints every refusal that a test asks for.
web.setLogLevel("silent");

const RULES = `
rules_version = '2';
service cloud.firestore {
  match /databases/{database}/documents {
    function member(org) { return request.auth != null && request.auth.token.orgId == org; }
    match /notes/{note} {
      allow get: if request.auth.uid == resource.data.owner;
      allow list: if request.auth.uid == resource.data.owner;
      allow create: if request.auth.uid == request.resource.data.owner
        && request.resource.data.keys().hasOnly(['owner', 'text']);
      allow update: if request.resource.data.diff(resource.data).affectedKeys().hasOnly(['text'])
        && request.auth.uid == resource.data.owner;
    }
    match /orgs/{org}/{document=**} { allow read: if member(org); }
    match /open/{id} { allow read, write; }
  }
}`;

describe("@firebase/rules-unit-testing", () => {
  const [host, port] = hostAndPort(firestoreAddress);
  let environment;

  before(async () => {
    const firestore = { host, port, rules: RULES };
    environment = await initializeTestEnvironment({ projectId: freshProject(), firestore });
  });
  beforeEach(async () => {
    await environment.clearFirestore();
    await environment.withSecurityRulesDisabled(async (context) => {
      const db = context.firestore();
      await web.setDoc(web.doc(db, "notes/hers"), { owner: "alice", text: "hers" });
      await web.setDoc(web.doc(db, "notes/his"), { owner: "bob", text: "his" });
      await web.setDoc(web.doc(db, "orgs/north/shelves/s"), { n: 1 });
    });
  });
  after(() => environment.cleanup());

  const as = (uid, claims) => environment.authenticatedContext(uid, claims).firestore();
  const anyone = () => environment.unauthenticatedContext().firestore();
  const read = (db, path) => web.getDocFromServer(web.doc(db, path));

  test("a user reads own documents, one by one", async () => {
    const note = await assertSucceeds(read(as("alice"), "notes/hers"));
    assert.deepEqual(note.data(), { owner: "alice", text: "hers" });
    await assertFails(read(as("alice"), "notes/his"));
    await assertFails(read(anyone(), "notes/hers"));
    await assertFails(read(as("alice"), "elsewhere/x"));
  });

  test("a query must itself say what the rules demand", async () => {
    const notes = web.collection(as("alice"), "notes");
    const own = await assertSucceeds(web.getDocsFromServer(web.query(notes, web.where("owner", "==", "alice"))));
    assert.deepEqual(own.docs.map((doc) => doc.id), ["hers"]);
    await assertFails(web.getDocsFromServer(notes));
    await assertFails(web.getDocsFromServer(web.query(notes, web.where("owner", "==", "bob"))));
    await assertFails(web.getCountFromServer(notes));
    const counted = await assertSucceeds(web.getCountFromServer(web.query(notes, web.where("owner", "==", "alice"))));
    assert.equal(counted.data().count, 1);
  });

  test("writes are judged by what they would leave", async () => {
    const db = as("alice");
    await assertSucceeds(web.setDoc(web.doc(db, "notes/new"), { owner: "alice", text: "x" }));
    await assertFails(web.setDoc(web.doc(db, "notes/forged"), { owner: "bob", text: "x" }));
    await assertFails(web.setDoc(web.doc(db, "notes/more"), { owner: "alice", text: "x", points: 5 }));
    await assertSucceeds(web.updateDoc(web.doc(db, "notes/hers"), { text: "y" }));
    await assertFails(web.updateDoc(web.doc(db, "notes/hers"), { owner: "bob" }));
    await assertFails(web.deleteDoc(web.doc(db, "notes/hers")));
    await assertFails(web.setDoc(web.doc(anyone(), "notes/new"), { owner: "alice", text: "x" }));
    await assertSucceeds(web.setDoc(web.doc(anyone(), "open/x"), { n: 1 }));
    const batch = web.writeBatch(db);
    batch.set(web.doc(db, "notes/fine"), { owner: "alice", text: "x" });
    batch.set(web.doc(db, "notes/forged"), { owner: "bob", text: "x" });
    await assertFails(batch.commit());
    assert.equal((await assertSucceeds(web.getDocsFromServer(
      web.query(web.collection(db, "notes"), web.where("owner", "==", "alice"))))).size, 2);
  });

  test("claims of the token are seen by the rules", async () => {
    const shelf = await assertSucceeds(read(as("alice", { orgId: "north" }), "orgs/north/shelves/s"));
    assert.equal(shelf.get("n"), 1);
    await assertFails(read(as("alice", { orgId: "south" }), "orgs/north/shelves/s"));
    await assertFails(read(as("alice"), "orgs/north/shelves/s"));
  });

  test("transactions obey the rules too", async () => {
    const db = as("alice");
    const append = (path) => web.runTransaction(db, async (transaction) => {
      const note = await transaction.get(web.doc(db, path));
      transaction.update(note.ref, { text: `${note.get("text")}!` });
    });
    await assertSucceeds(append("notes/hers"));
    await assertFails(append("notes/his"));
    assert.equal((await read(db, "notes/hers")).get("text"), "hers!");
  });

  test("a denied listener ends with an error, others go on", async () => {
    const db = as("alice");
    const denied = new Promise((resolve) => {
      web.onSnapshot(web.doc(db, "notes/his"), () => resolve(null), resolve);
    });
    assert.equal((await denied).code, "permission-denied");
    assert.equal((await read(db, "notes/hers")).exists(), true);
  });

  test("rules with a syntax error are refused and say where", async () => {
    const firestore = { host, port, rules: RULES.replace("allow get:", "alow get:") };
    await assert.rejects(initializeTestEnvironment({ projectId: freshProject(), firestore }), /"line":7,"column":7/);
  });

  test("clearing leaves nothing", async () => {
    await environment.clearFirestore();
    await environment.withSecurityRulesDisabled(async (context) => {
      assert.equal((await web.getDocsFromServer(web.collection(context.firestore(), "notes"))).size, 0);
    });
  });
});
