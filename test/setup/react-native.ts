/**
 * A script's first lines: takes from Node what React Native on Hermes does not have either, and puts React Native's own `fetch`
 * classes in the place of Node's: those of whatwg-fetch, whose `Request` has no `body` and is no stream. What the guide installs stays:
 * WebCrypto, `URL`, text encoders.
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
