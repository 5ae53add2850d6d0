import { lastUsedAfter } from './last-used.js'
import type { LastUsed, NewSession, SessionStore } from './store.js'

interface Namespace {
  readonly records: Map<string, NewSession>
  last?: LastUsed
}

/** Stores sessions in memory, until the page or process ends. The default store falls back to it if there is no other storage. */
export function memoryStore(): SessionStore {
  const namespaces = new Map<string, Namespace>()
  return {
    persistence: 'memory',
    async read(name, account) {
      const records = [...(namespaces.get(name)?.records.values() ?? [])]
      return records.filter((record) => account === undefined || record.account === account)
    },
    async readLast(name) {
      return namespaces.get(name)?.last
    },
    async readKey(name, { account, keyDID }) {
      const record = namespaces.get(name)?.records.get(`${account}\n${keyDID}`)
      return record?.keyPair ?? record?.seed
    },
    async write(name, change) {
      const { put = [], remove = [] } = change
      const namespace: Namespace = namespaces.get(name) ?? { records: new Map() }
      namespaces.set(name, namespace)
      for (const { account, keyDID } of remove) {
        for (const [id, record] of namespace.records) {
          if (record.account === account && (keyDID ?? record.keyDID) === record.keyDID)
            namespace.records.delete(id)
        }
      }
      for (const record of put) namespace.records.set(`${record.account}\n${record.keyDID}`, record)
      const last = lastUsedAfter(namespace.last, change)
      if (last) namespace.last = last
    },
  }
}
