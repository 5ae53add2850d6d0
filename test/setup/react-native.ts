/**
 * The first lines of a script: removes globals of Node that React Native on Hermes does not have, and replaces Node's `fetch`
 * classes by those that React Native uses, from whatwg-fetch, whose `Request` has no `body` and is no stream. What the guide
 * installs stays: WebCrypto, `URL`, text encoders.
 */
export const LIKE_REACT_NATIVE = `
  for (const name of ['Request', 'Response', 'Headers', 'fetch', 'ReadableStream', 'WritableStream', 'TransformStream',
    'BroadcastChannel', 'MessageChannel', 'structuredClone', 'navigator', 'FinalizationRegistry', 'CompressionStream', 'File'])
    delete globalThis[name]
  delete AbortSignal.any
  delete AbortSignal.timeout
  delete URL.canParse
  process.getBuiltinModule = undefined
  globalThis.FormData = class {}
  globalThis.self = globalThis
  globalThis.XMLHttpRequest = class {}
  await import('whatwg-fetch')
`
