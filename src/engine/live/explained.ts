/** What an error of the addon's means to a user, in our codes. */
import { BeaconError } from '../../error.ts';

export function explained(error: unknown, interfaceName: string): unknown {
  const { code, message } = error as { code?: string; message: string };
  if (code === 'EPERM' || code === 'EACCES') {
    return new BeaconError('ERR_PRIVILEGE', `Raw packets need CAP_NET_RAW (${message}): run it as root, or see "Privileges" in README.md`, {
      cause: error,
    });
  }
  if (code === 'ENODEV' || code === 'ENXIO')
    return new BeaconError('ERR_NO_INTERFACE', `There is no interface "${interfaceName}"`, { cause: error });
  if (code === 'ENETDOWN') {
    return new BeaconError('ERR_INTERFACE_DOWN', `The interface ${interfaceName} went down: ip link set ${interfaceName} up`, {
      cause: error,
    });
  }
  return code === undefined ? error : new BeaconError('ERR_ENGINE', `${interfaceName}: ${message}`, { cause: error });
}
