// The Admin SDK for Node: over gRPC as it comes, and with its REST transport, which listeners do not use.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";

import { deleteApp, initializeApp } from "firebase-admin/app";
import { AggregateField, FieldValue, Filter, Firestore, Timestamp, getFirestore } from "firebase-admin/firestore";

import { firstOf, freshProject } from "./stack.mjs";

function overGrpc() {
  const projectId = freshProject();
  const app = initializeApp({ projectId }, projectId);
  return { db: getFirestore(app), close: () => deleteApp(app) };
}

function overRest() {
  // Without `auth` this transport looks for Google's credentials, even when it is told of an emulator.
  const auth = { getRequestHeaders: async () => ({}) };
  const db = new Firestore({ projectId: freshProject(), preferRest: true, auth });
  return { db, close: () => db.terminate() };
}

for (const [transport, connect] of [["gRPC", overGrpc], ["REST", overRest]]) {
  describe(`firebase-admin, ${transport}`, () => {
    const { db, close } = connect();
    after(close);

    test("documents: set, get, merge, update, transforms, delete", async () => {
      const ref = db.doc("types/one");
      const when = Timestamp.fromMillis(1_700_000_000_123);
      const data = { text: "é", whole: 7, real: 1.5, nothing: null, list: [1, 1], map: { a: { b: true } }, when };
      await ref.set({ ...data, bytes: Buffer.from([0, 255]) });
      const read = (await ref.get()).data();
      assert.deepEqual({ ...read, bytes: [...read.bytes] }, { ...data, bytes: [0, 255] });
      await ref.set({ map: { c: 1 } }, { merge: true });
      await ref.update({ "map.a.b": FieldValue.delete(), whole: FieldValue.increment(3) });
      await ref.update({ list: FieldValue.arrayUnion(9) });
      await ref.update({ at: FieldValue.serverTimestamp() });
      const changed = (await ref.get()).data();
      assert.deepEqual([changed.map, changed.whole, changed.list], [{ a: {}, c: 1 }, 10, [1, 1, 9]]);
      assert.ok(changed.at instanceof Timestamp);
      await ref.delete();
      assert.equal((await ref.get()).exists, false);
    });

    test("queries: filters, order, cursors, groups, projections, aggregations", async () => {
      const batch = db.batch();
      for (let n = 0; n < 12; n++) {
        batch.set(db.doc(`shops/s${n % 2}/items/i${n}`), { n, even: n % 2 === 0, tags: [`t${n % 3}`] });
      }
      await batch.commit();
      const items = db.collectionGroup("items");
      const ns = async (query) => (await query.get()).docs.map((doc) => doc.get("n"));
      assert.deepEqual(await ns(items.orderBy("n", "desc").limit(3)), [11, 10, 9]);
      assert.deepEqual(await ns(db.collection("shops/s0/items").where("n", ">", 2).where("n", "<=", 8)), [4, 6, 8]);
      assert.deepEqual(await ns(items.where("tags", "array-contains", "t0").orderBy("n").startAfter(3)), [6, 9]);
      const either = Filter.or(Filter.where("n", "==", 1), Filter.where("n", "in", [2, 3]));
      assert.deepEqual((await ns(items.where(either))).sort(), [1, 2, 3]);
      assert.deepEqual((await items.where("n", "==", 5).select("even").get()).docs[0].data(), { even: false });
      assert.equal((await items.where("even", "==", true).count().get()).data().count, 6);
      const totals = { sum: AggregateField.sum("n"), mean: AggregateField.average("n") };
      assert.deepEqual((await items.aggregate(totals).get()).data(), { sum: 66, mean: 5.5 });
      assert.deepEqual((await db.doc("shops/s0").listCollections()).map((it) => it.id), ["items"]);
      assert.deepEqual((await db.collection("shops").listDocuments()).map((it) => it.id), ["s0", "s1"]);
    });

    test("transactions: all or nothing, retried on contention, and read-only", async () => {
      const ref = db.doc("counters/one");
      await ref.set({ n: 0 });
      const add = () => db.runTransaction(async (transaction) => {
        const n = (await transaction.get(ref)).get("n");
        transaction.update(ref, { n: n + 1 });
      });
      await Promise.all([add(), add(), add()]);
      assert.equal((await ref.get()).get("n"), 3);
      const failing = db.runTransaction(async (transaction) => {
        await transaction.get(ref);
        transaction.update(ref, { n: 100 });
        throw new Error("changed my mind");
      });
      await assert.rejects(failing, /changed my mind/);
      const both = (transaction) => transaction.getAll(ref, db.doc("counters/two"));
      const [one, missing] = await db.runTransaction(both, { readOnly: true });
      assert.deepEqual([one.get("n"), missing.exists], [3, false]);
    });

    test("many documents: bulk writer, getAll, recursive delete", async () => {
      const writer = db.bulkWriter();
      const refs = Array.from({ length: 60 }, (_, n) => db.doc(`bulk/top/rows/r${n}`));
      for (const ref of refs) void writer.set(ref, { id: ref.id });
      await writer.close();
      assert.deepEqual((await db.getAll(...refs)).map((doc) => doc.get("id")), refs.map((ref) => ref.id));
      await db.recursiveDelete(db.doc("bulk/top"));
      assert.equal((await db.collection("bulk/top/rows").count().get()).data().count, 0);
    });
  });
}

describe("firebase-admin, gRPC only", () => {
  const { db, close } = overGrpc();
  after(close);

  // Over REST this client knows the HTTP status only: 409 is ABORTED to it, which it tries again for a long time.
  test("preconditions: what exists is not created, what does not is not updated", async () => {
    const ref = db.doc("preconditions/one");
    await assert.rejects(ref.update({ a: 1 }), { code: 5 });
    const created = await ref.create({ a: 1 });
    await assert.rejects(ref.create({ a: 2 }), { code: 6 });
    await ref.update({ a: 2 });
    await assert.rejects(ref.update({ a: 3 }, { lastUpdateTime: created.writeTime }), { code: 9 });
    assert.equal((await ref.get()).get("a"), 2);
  });

  test("listeners: a document and a query, from the first state through changes", async () => {
    const ref = db.doc("watched/one");
    const gone = await firstOf((next, error) => ref.onSnapshot(next, error), () => true);
    assert.equal(gone.exists, false);
    const states = [];
    const seen = firstOf((next, error) => ref.onSnapshot(next, error), (doc) => {
      states.push(doc.exists ? doc.get("n") : null);
      if (states.length === 1) void ref.set({ n: 1 }).then(() => ref.update({ n: 2 }));
      return doc.exists && doc.get("n") === 2;
    });
    await seen;
    assert.equal(states[0], null);
    const query = db.collection("watched").where("n", ">=", 2);
    const kinds = [];
    await firstOf((next, error) => query.onSnapshot(next, error), (snapshot) => {
      kinds.push(...snapshot.docChanges().map((change) => `${change.type} ${change.doc.id}`));
      if (kinds.length === 1) void db.doc("watched/two").set({ n: 3 });
      if (kinds.length === 2) void ref.update({ n: 0 });
      return kinds.length === 3;
    });
    assert.deepEqual(kinds, ["added one", "added two", "removed one"]);
  });
});
