/**
 * The first lines of a script: removes globals of Node that React Native on Hermes does not have, and replaces Node's `fetch`
 * classes by those that React Native uses, from whatwg-fetch, whose `Request` has no `body` and is no stream, and from
 * abort-controller, whose signals have neither a reason nor `throwIfAborted`. What the guide
 * installs stays: WebCrypto, `URL`, text encoders.
 */
export const LIKE_REACT_NATIVE = `
  for (const name of ['Request', 'Response', 'Headers', 'fetch', 'ReadableStream', 'WritableStream', 'TransformStream',
    'BroadcastChannel', 'MessageChannel', 'structuredClone', 'navigator', 'FinalizationRegistry', 'CompressionStream', 'DecompressionStream', 'File',
    'EventTarget', 'Event', 'CustomEvent', 'DOMException', 'WebAssembly', 'SharedArrayBuffer', 'Atomics'])
    delete globalThis[name]
  const { createRequire } = await import('node:module')
  Object.assign(globalThis, createRequire(process.cwd() + '/script.js')('abort-controller'))
  delete URL.canParse
  process.getBuiltinModule = undefined
  globalThis.FormData = class {}
  globalThis.self = globalThis
  globalThis.XMLHttpRequest = class {}
  await import('whatwg-fetch')
`
