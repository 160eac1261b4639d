// SPDX-License-Identifier: MPL-2.0
// The message centre net_smpp_smsc.pl, over Debian's libnet-smpp-perl: it complains of whatever breaks the standard.
import {join} from 'node:path';
import {freePort, here, start, until} from '../harness.mjs';

export class StrictSmsc {
  static async start(t) {
    const smsc = new StrictSmsc();
    smsc.port = await freePort();
    smsc.process = start(t, 'perl', [join(here, 'net_smpp_smsc.pl'), '--port', String(smsc.port), '--system-id', 'umoja', '--password', 'secret'],
        {stdio: ['pipe', 'pipe', 'pipe']});
    await until('the Perl message centre to listen', () => {
      if (smsc.process.how) throw Object.assign(new Error(smsc.process.output), {giveUp: true});
      return smsc.events('listening').length > 0;
    });
    return smsc;
  }

  events(name) {
    const lines = this.process.stdout.split('\n').slice(0, -1).map((line) => JSON.parse(line));
    return name ? lines.filter(({event}) => event === name) : lines;
  }

  // The parts that came for a destination; texts and optional parameters in hex.
  parts(destination) { return this.events('submit').filter((event) => event.destination === destination); }

  // What a phone sends: the fields of a deliver_sm, or of a data_sm with {command: 'data_sm'}; texts in hex.
  fromPhone(fields) { this.process.write(`${JSON.stringify(fields)}\n`); }
}
