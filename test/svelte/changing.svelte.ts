import type { SessionStore } from '../../src/store/store.js'
import { type UseSession, useSession } from '../../src/svelte/index.js'

/** The session of a module, whose options depend on the module's state. */
export function useChanging(store: SessionStore): { namespace: string; readonly session: UseSession } {
  let namespace: string = $state('one')
  const session = useSession(() => ({ resources: ['https://api.example/notes/*'], store, namespace }))
  return {
    session,
    get namespace() {
      return namespace
    },
    set namespace(next) {
      namespace = next
    },
  }
}
