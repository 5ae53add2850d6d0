import type { StringStore } from '../../src/store/string-store.js'
import { callbackStore } from '../../src/store/string-store.js'

/** Keeps strings in a map, which tests can read. */
export interface MapBackend extends StringStore {
  readonly items: Map<string, string>
}

export function mapBackend(): MapBackend {
  const items = new Map<string, string>()
  return {
    items,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  }
}

/** The same, asynchronously: callers that don't wait for each other lose what they wrote. */
export function lateBackend(): MapBackend {
  const { items, getItem, setItem, removeItem } = mapBackend()
  const later = () => new Promise((resolve) => setTimeout(resolve))
  return {
    items,
    getItem: (key) => later().then(() => getItem(key)),
    setItem: (key, value) => later().then(() => setItem(key, value)),
    removeItem: (key) => later().then(() => removeItem(key)),
  }
}

/** Answers through callbacks, asynchronously, as Node does. */
function callbackBackend(): StringStore {
  const { getItem, setItem, removeItem } = mapBackend()
  return callbackStore({
    getItem: (key, callback) => setTimeout(() => callback(null, getItem(key))),
    setItem: (key, value, callback) => setTimeout(() => callback(null, setItem(key, value))),
    removeItem: (key, callback) => setTimeout(() => callback(undefined, removeItem(key))),
  })
}

/** Another object over the same strings, as in another process or tab. */
export function sameStrings(backend: StringStore): StringStore {
  return {
    getItem: (key) => backend.getItem(key),
    setItem: (key, value) => backend.setItem(key, value),
    removeItem: (key) => backend.removeItem(key),
  }
}

const inPages = typeof document === 'undefined' ? [] : (['localStorage', 'sessionStorage'] as const)

/** Every kind of backend that this runtime has. */
export const backends: readonly (readonly [name: string, make: () => StringStore])[] = [
  ['an object of one’s own', mapBackend],
  ['an asynchronous one', lateBackend],
  ['one with callbacks', callbackBackend],
  ...inPages.map((name) => {
    const make = (): StringStore => {
      globalThis[name].clear()
      return globalThis[name]
    }
    return [name, make] as const
  }),
]
