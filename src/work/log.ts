/** Where the parts of this room say what an operator would act on. A pino logger is one. Fields never hold a secret. */
export type Log = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
