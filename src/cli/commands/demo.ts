export const demo = async (_signal: AbortSignal): Promise<number> => 0;
