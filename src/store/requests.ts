// IndexedDB's own requests as promises, for what every page does before it knows whether someone is signed in. What comes
// later goes through idb.

/** What the request gives. */
export function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

/** Does the work in the transaction, and resolves once that is complete. What the work throws undoes it. */
export function completed(transaction: IDBTransaction, work: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error ?? new DOMException('aborted', 'AbortError'))
    try {
      work()
    } catch (error) {
      reject(error)
      abort(transaction)
    }
  })
}

/** Undoes the transaction, if it still can be. */
export function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort()
  } catch {
    // It had already ended.
  }
}
