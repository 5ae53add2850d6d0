import { cacaoCID, memoryReplay, memoryRevocation, nonces } from 'cacao-session/verify'

/** @typedef {import('cacao-session/verify').Cacao} Cacao */
/** @typedef {{ id: string, text: string, at: string }} Note */

/**
 * The data of the server. If there are several processes, they share it.
 * @typedef {object} Stores
 * @property {import('cacao-session/verify').ReplayStore} replay Requests that were accepted.
 * @property {import('cacao-session/verify').RevocationStore} revocation Sessions that were revoked.
 * @property {import('cacao-session/verify').Nonces} signIns Nonces for signing in.
 * @property {Admissions} admissions
 * @property {Notes} notes
 * @property {() => Promise<void>} close
 */

/**
 * The capabilities that signed in here, each with a nonce that this server issued.
 * @typedef {object} Admissions
 * @property {(cacao: Cacao) => Promise<void>} add
 * @property {(cacao: Cacao) => Promise<boolean>} has
 */

/**
 * The notes of each account.
 * @typedef {object} Notes
 * @property {(account: string) => Promise<Note[]>} list
 * @property {(account: string, note: Note) => Promise<void>} add
 * @property {(account: string, id: string) => Promise<boolean>} remove Resolves with whether the note existed.
 */

/**
 * Stores in the memory of this process. Their data is lost when the process ends.
 * @returns {Stores}
 */
export function memoryStores() {
  const replay = memoryReplay()
  return {
    replay,
    revocation: memoryRevocation(),
    signIns: nonces({ replay }),
    admissions: memoryAdmissions(),
    notes: memoryNotes(),
    async close() {},
  }
}

/** @returns {Admissions} */
function memoryAdmissions() {
  /** @type {Set<string>} */
  const admitted = new Set()
  return {
    async add(cacao) {
      admitted.add(cacaoCID(cacao))
    },
    async has(cacao) {
      return admitted.has(cacaoCID(cacao))
    },
  }
}

/** @returns {Notes} */
function memoryNotes() {
  /** @type {Map<string, Map<string, Note>>} */
  const accounts = new Map()
  return {
    async list(account) {
      return [...(accounts.get(account)?.values() ?? [])]
    },
    async add(account, note) {
      accounts.set(account, (accounts.get(account) ?? new Map()).set(note.id, note))
    },
    async remove(account, id) {
      return accounts.get(account)?.delete(id) ?? false
    },
  }
}
