import { report } from './report.js'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const message = new TextEncoder().encode('signed after a restart')

function settled<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error)
  })
}

async function openKeys(): Promise<IDBDatabase> {
  const request = indexedDB.open('stored-key', 1)
  request.onupgradeneeded = () => request.result.createObjectStore('keys')
  return settled(request)
}

async function store(): Promise<string> {
  const pair = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])
  const database = await openKeys()
  const transaction = database.transaction('keys', 'readwrite')
  transaction.objectStore('keys').put(pair, 'pair')
  await completed(transaction)
  database.close()
  return 'stored'
}

async function sign(): Promise<string> {
  const database = await openKeys()
  const pair: CryptoKeyPair | undefined = await settled(
    database.transaction('keys').objectStore('keys').get('pair'),
  )
  if (pair === undefined) return 'no key'
  const signature = await crypto.subtle.sign(algorithm, pair.privateKey, message)
  const valid = await crypto.subtle.verify(algorithm, pair.publicKey, signature, message)
  return `signed: ${valid}, extractable: ${pair.privateKey.extractable}`
}

const step = new URLSearchParams(location.search).get('step')
if (step === 'store') await report(store)
if (step === 'sign') await report(sign)
