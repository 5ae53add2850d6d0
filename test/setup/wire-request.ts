/** A request as it is sent: no client has normalized it yet. */
export interface WireRequest {
  readonly method: string
  readonly target: string
  readonly host: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array<ArrayBuffer>
}

/** The value of the first header with this name; names are compared in lower case. */
export function headerOf({ headers }: WireRequest, name: string): string {
  return headers.find(([known]) => known.toLowerCase() === name)?.[1] ?? ''
}

/** The request with a header replaced or added. */
export function withHeader(wire: WireRequest, name: string, value: string): WireRequest {
  const index = wire.headers.findIndex(([known]) => known.toLowerCase() === name)
  const headers = index < 0 ? [...wire.headers, [name, value] as const] : [...wire.headers]
  if (index >= 0) headers[index] = [headers[index]?.[0] ?? name, value]
  return { ...wire, headers }
}
