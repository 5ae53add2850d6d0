/** The library, as whoever runs the suite imported it: by the names that its users write. */
export interface Library {
  readonly core: typeof import('cacao-session')
  readonly ethereum: typeof import('cacao-session/ethereum')
  readonly fetch: typeof import('cacao-session/fetch')
  readonly key: typeof import('cacao-session/key')
  readonly stores: typeof import('cacao-session/stores')
  readonly verify: typeof import('cacao-session/verify')
}

/** What a runtime can and can't do. Each is tested for what it says: the other way is a failure, not a skip. */
export interface Runtime {
  /** Whether sessions outlive the process or page: without IndexedDB they are kept in memory. */
  readonly hasIndexedDB: boolean
  /** Whether there is a page or worker to ask which domain is signed in to. */
  readonly hasLocation: boolean
  /** Whether a key that can't be exported can be copied as it is stored (structured clone). */
  readonly clonesKeys: boolean
}

/** Fixtures and vectors by their names, such as `fixtures/did-session-4/session-1-default.json`; none where they are absent. */
export type SharedFiles = Readonly<Record<string, unknown>>

/** One thing that must hold in every runtime. */
export interface Case {
  readonly name: string
  readonly run: (library: Library, runtime: Runtime) => Promise<void> | void
}

/** Cases of one kind. */
export interface Topic {
  readonly topic: string
  readonly cases: readonly Case[]
}
