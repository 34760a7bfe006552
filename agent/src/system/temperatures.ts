import { readdirSync } from 'node:fs';
import { readNumber, readText } from './read-text.ts';
import { round2, type Temperature } from './sample.ts';

interface Sensor {
  readonly label: string;
  readonly path: string;
}

/** A server with more sensors than this shows the first ones only. */
const MAX_SENSORS = 64;
/** Drivers come and go rarely. Ms. */
const LOOK_AGAIN = 5 * 60_000;

function list(folder: string, pattern: RegExp): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => pattern.test(name))
      .toSorted(naturally);
  } catch {
    return [];
  }
}

/** By the number in the name: temp2 before temp10. */
function naturally(a: string, b: string): number {
  return Number(/\d+/.exec(a)?.[0]) - Number(/\d+/.exec(b)?.[0]);
}

/**
 * Sensors of Documentation/hwmon/sysfs-interface.rst, or where there are none the zones of
 * Documentation/driver-api/thermal/sysfs-api.rst; both tell thousandths of a degree Celsius.
 */
export function findSensors(sys = '/sys'): Sensor[] {
  const hwmon = list(`${sys}/class/hwmon`, /^hwmon\d+$/).flatMap((device) => {
    const folder = `${sys}/class/hwmon/${device}`;
    const chip = readText(`${folder}/name`).trim() || device;
    return list(folder, /^temp\d+_input$/).map((file) => {
      const name = file.slice(0, -'_input'.length);
      const label = readText(`${folder}/${name}_label`).trim() || name;
      return { label: `${chip} ${label}`, path: `${folder}/${file}` };
    });
  });
  if (hwmon.length > 0) return hwmon.slice(0, MAX_SENSORS);
  return list(`${sys}/class/thermal`, /^thermal_zone\d+$/)
    .map((zone) => ({
      label: readText(`${sys}/class/thermal/${zone}/type`).trim() || zone,
      path: `${sys}/class/thermal/${zone}/temp`,
    }))
    .slice(0, MAX_SENSORS);
}

/** What the host's sensors say. Broken ones, which report nonsense or nothing, are left out. */
export class TemperatureMeter {
  readonly #sys: string;
  #sensors: readonly Sensor[] = [];
  #until = 0;

  constructor(sys = '/sys') {
    this.#sys = sys;
  }

  read(): Temperature[] {
    if (performance.now() >= this.#until) {
      this.#sensors = findSensors(this.#sys);
      this.#until = performance.now() + LOOK_AGAIN;
    }
    return this.#sensors.flatMap(({ label, path }) => {
      const thousandths = readNumber(path);
      if (thousandths === undefined || thousandths < -60_000 || thousandths > 200_000) return [];
      return { label, celsius: round2(thousandths / 1000) };
    });
  }
}
