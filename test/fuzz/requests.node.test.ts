import { describeMutated } from './describe-mutated.js'
import { signedRequests } from './request-kind.js'

describeMutated([signedRequests, 0.2])
