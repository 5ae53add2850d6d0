import type { Cacao } from '../capability/cacao.js'
import { print, printJSON } from './output.js'
import { reportOf } from './report.js'
import { inWords } from './words.js'

/** Says what was granted, and where it is kept. */
export function printGranted(
  cacao: Cacao,
  {
    isNew,
    file,
    json,
  }: { readonly isNew: boolean; readonly file: string; readonly json?: boolean | undefined },
): void {
  const now = Date.now()
  const report = reportOf('session', cacao, [], now)
  if (json) printJSON({ ...report, isNew, store: file })
  else print(inWords(report, [[isNew ? 'kept in' : 'was in', file]], now))
}
