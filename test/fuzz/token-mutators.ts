import { utf8 } from '../../src/base/bytes.js'
import { toBase64url } from '../../src/base/multibase.js'
import { encodeDagJSON } from '../../src/capability/dag-json.js'
import { headerOf, withHeader } from '../setup/wire-request.js'
import { respellBase64 } from './base64-spellings.js'
import { jsonable } from './capability-kinds.js'
import { capabilities } from './genuine.js'
import type { GenuineRequest, RequestMutation } from './genuine-requests.js'
import { spellJSON } from './json-spelling.js'
import type { Random } from './random.js'
import { mutateText } from './text-mutator.js'
import { mutateValue } from './value-mutator.js'

type Authorization = (request: GenuineRequest, random: Random, other: GenuineRequest) => string

const tokenOf = (request: GenuineRequest): string => headerOf(request, 'authorization').slice('CACAO '.length)
const written = (json: string): string => `CACAO ${toBase64url(utf8(json))}`

const AUTHORIZATIONS: readonly Authorization[] = [
  // The capability of another account, or another one of the same session.
  (_, __, other) => headerOf(other, 'authorization'),
  (_, random) => written(encodeDagJSON(random.pick(capabilities))),
  // The same capability in another encoding.
  ({ cacao }, random) => written(spellJSON(jsonable(cacao), random, 12)),
  ({ cacao }) => written(JSON.stringify(JSON.parse(encodeDagJSON(cacao)), null, 1)),
  (request, random) => `CACAO ${respellBase64(tokenOf(request), random)}`,
  (request, random, other) => `CACAO ${mutateText(tokenOf(request), random, tokenOf(other))}`,
  ({ cacao }, random, other) => written(encodeDagJSON(jsonable(mutateValue(cacao, random, other.cacao)))),
  ({ cacao }, random, other) => written(mutateText(encodeDagJSON(cacao), random, encodeDagJSON(other.cacao))),
  (request, random) =>
    random.pick(['cacao ', 'Cacao ', 'CACAO  ', 'CACAO\t', ' CACAO ', 'CACAO', 'Bearer ', '']) +
    tokenOf(request),
  (request, random) =>
    `CACAO ${random.pick(['token=', '"', ''])}${tokenOf(request)}${random.pick(['"', ',', ' x', '='])}`,
  (request, random, other) =>
    `CACAO ${tokenOf(request)}${random.pick([', ', ' ', ',CACAO '])}${tokenOf(other)}`,
]

/** What the request has in place of its capability. */
export const changeAuthorization: RequestMutation = (request, random, other) =>
  withHeader(request, 'authorization', random.pick(AUTHORIZATIONS)(request, random, other))
