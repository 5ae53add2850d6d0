import { type Cacao, parseCacao } from '../capability/cacao.js'
import { inspectCacao } from '../capability/inspect-cacao.js'
import type { VerifyCacaoOptions } from '../capability/verify-cacao.js'
import type { Input } from './read-input.js'
import { type Report, reportOf } from './report.js'
import { problemsOf } from './signed-headers.js'

/** What is said of a capability, wherever it was found. Throws `ERR_CAPABILITY_INVALID` if it is malformed. */
export async function judge(
  input: Exclude<Input, { kind: 'jws' }>,
  options: VerifyCacaoOptions,
  now: number,
): Promise<Report> {
  const cacao: Cacao = input.kind === 'capability' ? parseCacao(input.value) : input.cacao
  const { problems } = await inspectCacao(cacao, options)
  const ofRequest = input.kind === 'request' ? problemsOf(input.headers, cacao.p.aud, now) : []
  return reportOf(input.kind, cacao, [...problems, ...ofRequest], now)
}
