import { it } from 'vitest'

/** A problem with sign-ins that was reported in public, here or for other software, and a test that this library handles it. */
export interface Report {
  /** Where it was reported, e.g. `MetaMask/metamask-extension#19025`. */
  readonly report: string
  /** What the library does in that situation. */
  readonly title: string
  /** Throws unless the library does that. */
  readonly test: () => void | Promise<void>
}

/** A test for each report, named by its title and where it was reported. Two entries may share a report, but not their title. */
export const reported = (reports: readonly Report[]): void => {
  for (const { report, title, test } of reports) it(`${title} (${report})`, test)
}
