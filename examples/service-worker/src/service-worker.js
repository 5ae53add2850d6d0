import { DIDSession } from 'cacao-session'
import { API, resources } from './resources.js'

// Signs what the page sends to the API. The page doesn't know: fetch(), forms and <img> are all the same to it.

/** @type {ServiceWorkerGlobalScope} */
const worker = /** @type {any} */ (globalThis)

worker.addEventListener('install', () => worker.skipWaiting())
worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()))
// A page that was loaded past the worker asks for it.
worker.addEventListener('message', (event) => event.waitUntil(worker.clients.claim()))

worker.addEventListener('fetch', (event) => {
  const { url, headers } = event.request
  if (url.startsWith(API) && !headers.has('authorization')) event.respondWith(answer(event.request))
})

/**
 * The session is the one in IndexedDB, which the page has signed in to. The browser ends this worker whenever it likes, so
 * it keeps nothing: each request asks anew, and once someone has signed out none is signed.
 * @param {Request} request
 */
async function answer(request) {
  const session = await DIDSession.load(undefined, { resources }).catch(() => undefined)
  if (!session) return fetch(request)
  // An <img> asks with mode "no-cors", in which a request can carry no signature.
  return session.fetch(new Request(request, { mode: 'same-origin' }))
}
