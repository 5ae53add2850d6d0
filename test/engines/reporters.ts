import type { Reporter } from 'vitest/node'

type ReporterEntry = 'default' | Reporter | ['json', { outputFile: string }]

/** The reporters of a lane; if TEST_REPORT names a file, they also write the results there as JSON. */
export function reporters(...own: readonly Reporter[]): ReporterEntry[] {
  const report = process.env['TEST_REPORT']
  return ['default', ...own, ...(report ? [['json', { outputFile: report }] satisfies ReporterEntry] : [])]
}
