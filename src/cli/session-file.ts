import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { Command } from 'commander'
import { fileStore } from '../node/file-store.js'
import type { SessionStore } from '../store/store.js'

/** Which file keeps the sessions. */
export interface StoreCommandOptions {
  readonly store?: string
}

/** Adds the option that names the file of sessions. */
export function addStoreOption(command: Command): Command {
  return command.option(
    '--store <file>',
    'the file that keeps sessions; CACAO_SESSION_STORE, or ~/.local/share/cacao-session/sessions, by default',
  )
}

/** The file of sessions: as named, or by the environment, or where programs keep data (XDG base directories). */
export function sessionFile({ store }: StoreCommandOptions): string {
  const { CACAO_SESSION_STORE, XDG_DATA_HOME = '' } = process.env
  const data = isAbsolute(XDG_DATA_HOME) ? XDG_DATA_HOME : join(homedir(), '.local', 'share')
  return store || CACAO_SESSION_STORE || join(data, 'cacao-session', 'sessions')
}

/** The sessions in it. */
export function sessionStore(options: StoreCommandOptions): SessionStore {
  return fileStore(sessionFile(options))
}
