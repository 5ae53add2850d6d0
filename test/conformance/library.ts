/** The library, imported by the runner, under the names of its entries. */
export interface Library {
  readonly core: typeof import('cacao-session')
  readonly ethereum: typeof import('cacao-session/ethereum')
  readonly fetch: typeof import('cacao-session/fetch')
  readonly key: typeof import('cacao-session/key')
  readonly stores: typeof import('cacao-session/stores')
  readonly verify: typeof import('cacao-session/verify')
}

/** What a runtime can and can't do. Each value is tested: another result is a failure, not a skip. */
export interface Runtime {
  /** Whether sessions outlive the process or page: without IndexedDB they are kept in memory. */
  readonly hasIndexedDB: boolean
  /** Whether there is a page or worker with a location that gives the domain. */
  readonly hasLocation: boolean
  /** Whether a key that can't be exported can be copied as it is stored (structured clone). */
  readonly clonesKeys: boolean
}

/** Fixtures and vectors by their names, such as `fixtures/did-session-4/session-1-default.json`; undefined if they are absent. */
export type SharedFiles = Readonly<Record<string, unknown>>

/** One behaviour that must be the same in every runtime. */
export interface Case {
  readonly name: string
  readonly run: (library: Library, runtime: Runtime) => Promise<void> | void
}

/** The cases of one topic. */
export interface Topic {
  readonly topic: string
  readonly cases: readonly Case[]
}
