import { describeMutated } from './describe-mutated.js'
import { sessionTokens, signedURLs } from './token-kind.js'

describeMutated([sessionTokens, 0.06], [signedURLs, 0.06])
