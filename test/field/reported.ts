import { it } from 'vitest'

/** What somebody who runs sign-ins told in public, and what is right. */
export interface Report {
  /** Where it was told, e.g. `MetaMask/metamask-extension#19025`. */
  readonly report: string
  /** What was met there, as the name of the test. */
  readonly met: string
  /** Throws unless the library does what is right. */
  readonly right: () => void | Promise<void>
}

/** A test for each report, named by what was met and where. Two entries may share a report, but not their name. */
export const reported = (reports: readonly Report[]): void => {
  for (const { report, met, right } of reports) it(`${met} (${report})`, right)
}
