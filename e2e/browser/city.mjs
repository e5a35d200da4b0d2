// The demo city as tests need it.

/** Where a route begins. */
export async function startOf(server, route) {
  return (await server.get(`/routes/${route}`)).origin;
}
