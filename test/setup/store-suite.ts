import { describe, it } from 'vitest'
import type { DeviceStore } from '../../src/http/devices.js'
import type { ReplayStore } from '../../src/http/replay.js'
import type { RevocationStore } from '../../src/http/revocation.js'
import { deviceStoreCases } from '../../src/testing/device-cases.js'
import { revocationStoreCases } from '../../src/testing/revocation-cases.js'
import { replayStoreCases, type StoreCase, type StoreCasesOptions } from '../../src/testing/store-cases.js'

/** The stores over one kind of data. */
export interface StoreKinds {
  readonly replay?: StoreCasesOptions<ReplayStore>
  readonly revocation?: StoreCasesOptions<RevocationStore>
  readonly devices?: StoreCasesOptions<DeviceStore>
}

/** The suites that `cacao-session/testing` exports for stores, over each of these. */
export function storeSuites({ replay, revocation, devices }: StoreKinds): void {
  const suite = (title: string, cases: readonly StoreCase[]): void => {
    describe(title, () => {
      for (const { name, run } of cases) it(name, run)
    })
  }
  if (replay) suite('a replay store', replayStoreCases(replay))
  if (revocation) suite('a revocation store', revocationStoreCases(revocation))
  if (devices) suite('a device store', deviceStoreCases(devices))
}
