// firebase/firestore/lite: the web SDK without listeners, JSON over HTTP.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";

import { deleteApp, initializeApp } from "firebase/app";
import * as lite from "firebase/firestore/lite";

import { firestoreAddress, freshProject, hostAndPort } from "./stack.mjs";

// The SDK prints every refusal that a test asks for.
lite.setLogLevel("silent");

describe("firebase/firestore/lite", () => {
  const projectId = freshProject();
  const app = initializeApp({ projectId, apiKey: "any" }, projectId);
  const db = lite.getFirestore(app);
  lite.connectFirestoreEmulator(db, ...hostAndPort(firestoreAddress), { mockUserToken: "owner" });
  after(() => deleteApp(app));

  test("documents and transforms", async () => {
    const ref = lite.doc(db, "c", "a:b é%2F ?#");
    await lite.setDoc(ref, { n: 1, list: ["x"], at: lite.serverTimestamp(), nothing: null, nan: NaN });
    await lite.updateDoc(ref, { n: lite.increment(2), list: lite.arrayUnion("y"), "deep.er": true });
    const data = (await lite.getDoc(ref)).data();
    assert.deepEqual([data.n, data.list, data.deep, data.nothing, data.nan], [3, ["x", "y"], { er: true }, null, NaN]);
    assert.ok(data.at instanceof lite.Timestamp);
    await assert.rejects(lite.updateDoc(lite.doc(db, "c/none"), { n: 1 }), { code: "not-found" });
    await lite.deleteDoc(ref);
    assert.equal((await lite.getDoc(ref)).exists(), false);
  });

  test("queries and aggregations", async () => {
    const items = lite.collection(db, "shops/s/items");
    const batch = lite.writeBatch(db);
    for (let n = 0; n < 6; n++) batch.set(lite.doc(items, `i${n}`), { n, tags: [n % 2 ? "odd" : "even"] });
    await batch.commit();
    const ns = async (query) => (await lite.getDocs(query)).docs.map((doc) => doc.get("n"));
    const highest = lite.query(items, lite.where("n", ">", 1), lite.orderBy("n", "desc"), lite.limit(2));
    assert.deepEqual(await ns(highest), [5, 4]);
    assert.deepEqual(await ns(lite.query(items, lite.where("tags", "array-contains", "even"))), [0, 2, 4]);
    const group = lite.query(lite.collectionGroup(db, "items"), lite.orderBy("n"), lite.startAt(3), lite.endBefore(5));
    assert.deepEqual(await ns(group), [3, 4]);
    assert.equal((await lite.getCount(items)).data().count, 6);
    const totals = { sum: lite.sum("n"), mean: lite.average("n") };
    assert.deepEqual((await lite.getAggregate(items, totals)).data(), { sum: 15, mean: 2.5 });
    assert.deepEqual(await ns(lite.collection(db, "empty")), []);
  });

  test("transactions hold what they read, missing documents too", async () => {
    const from = lite.doc(db, "accounts/from");
    const to = lite.doc(db, "accounts/to");
    const other = lite.doc(db, "accounts/other");
    await lite.setDoc(from, { n: 10 });
    let attempts = 0;
    await lite.runTransaction(db, async (transaction) => {
      attempts += 1;
      const [source, target] = [await transaction.get(from), await transaction.get(to)];
      await transaction.get(other);
      // Only read by the transaction: it fails, and is run again, because its verify writes no longer hold.
      if (attempts === 1) await lite.setDoc(other, { n: 1 });
      transaction.update(from, { n: source.get("n") - 4 });
      transaction.set(to, { n: (target.exists() ? target.get("n") : 0) + 4 });
    });
    assert.equal(attempts, 2);
    assert.deepEqual([(await lite.getDoc(from)).get("n"), (await lite.getDoc(to)).get("n")], [6, 4]);
  });
});
