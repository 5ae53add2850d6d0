// In this folder, so that each resolves to the installation beside it.

export * as dpop from 'dpop'
export { Hono } from 'hono'
export { jwt } from 'hono/jwt'
export * as jose from 'jose'
export * as oauth from 'oauth4webapi'
