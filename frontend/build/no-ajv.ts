/**
 * rjsf exports a helper for tests that wants the validator which makes code from
 * schemas. Nobody here calls it, and the content security policy would stop it.
 */
export default undefined;
