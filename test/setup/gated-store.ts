import { memoryStore } from '../../src/store/memory-store.js'
import type { SessionStore } from '../../src/store/store.js'

/** A store that can hold back a new session. */
export interface GatedStore {
  readonly store: SessionStore
  /** Makes the next new session wait. Resolves once it does. */
  close(): Promise<void>
  /** Lets the session be stored. */
  open(): void
}

export function gatedStore(): GatedStore {
  const backing = memoryStore()
  let hold: (() => Promise<void>) | undefined
  let open = (): void => undefined
  const write: SessionStore['write'] = async (namespace, changes) => {
    const held = changes.put?.length ? hold : undefined
    if (held) hold = undefined
    await held?.()
    return backing.write(namespace, changes)
  }
  return {
    store: { ...backing, write },
    close() {
      const gate = new Promise<void>((resolve) => {
        open = resolve
      })
      return new Promise((resolve) => {
        hold = () => {
          resolve()
          return gate
        }
      })
    },
    open: () => open(),
  }
}
