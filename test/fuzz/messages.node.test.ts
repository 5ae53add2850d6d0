import { describeMutated } from './describe-mutated.js'
import { jwsObjectsAndTexts } from './jws-kind.js'
import { sessionStrings } from './session-kind.js'

describeMutated([jwsObjectsAndTexts, 0.2], [sessionStrings, 0.09])
