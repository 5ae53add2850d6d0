import { DIDSession } from 'cacao-session'
import { API, resources } from './resources.js'

// Signs the requests that the page sends to the API, whether they come from fetch(), a form or an <img>.

/** @type {ServiceWorkerGlobalScope} */
const worker = /** @type {any} */ (globalThis)

worker.addEventListener('install', () => worker.skipWaiting())
worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()))
// A page that was loaded without the worker sends this message, so that the worker takes control of it.
worker.addEventListener('message', (event) => event.waitUntil(worker.clients.claim()))

worker.addEventListener('fetch', (event) => {
  const { url, headers } = event.request
  if (url.startsWith(API) && !headers.has('authorization') && isOurs(event.request))
    event.respondWith(answer(event.request))
})

/**
 * Whether a page of this site sends the request. Any site can send the browser to the API, with a link or a form (CSRF), and this
 * worker gets that navigation too. It must not be signed.
 * @param {Request} request
 */
function isOurs({ mode, referrer }) {
  return mode !== 'navigate' || referrer.startsWith(`${location.origin}/`)
}

/**
 * Loads the session that the page has stored in IndexedDB. The browser may stop this worker at any time, so it keeps no state: it
 * loads the session for each request, and signs nothing once the person has signed out.
 * @param {Request} request
 */
async function answer(request) {
  const session = await DIDSession.load(undefined, { resources }).catch(() => undefined)
  if (!session) return fetch(request)
  // The request of an <img> has the mode "no-cors", in which it could not have the headers of a signature.
  return session.fetch(new Request(request, { mode: 'same-origin' }))
}
