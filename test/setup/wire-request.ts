/** A request as it goes over the wire: nothing in it has been put in order by a client yet. */
export interface WireRequest {
  readonly method: string
  readonly target: string
  readonly host: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array<ArrayBuffer>
}

/** The value of the first header of this name; names are compared by their lower case. */
export function headerOf({ headers }: WireRequest, name: string): string {
  return headers.find(([known]) => known.toLowerCase() === name)?.[1] ?? ''
}

/** The request with a header in place of the one that it had, or beside the others. */
export function withHeader(wire: WireRequest, name: string, value: string): WireRequest {
  const index = wire.headers.findIndex(([known]) => known.toLowerCase() === name)
  const headers = index < 0 ? [...wire.headers, [name, value] as const] : [...wire.headers]
  if (index >= 0) headers[index] = [headers[index]?.[0] ?? name, value]
  return { ...wire, headers }
}
