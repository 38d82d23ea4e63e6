/* What sprays are compared with: one pcap_inject() a packet, in a loop, with nothing but a number and a time patched in; and with
 * "match" another loop that finds them again by pcap_dispatch(), each by its number, and keeps a histogram.
 *
 *   cc -O2 -pthread bench/inject-loop.c -lpcap -o inject-loop && inject-loop INTERFACE SECONDS BYTES [match]
 *
 * Prints the packets taken and matched, and the processor time of both loops, as a line of JSON.
 */
#include <arpa/inet.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef SOL_PACKET
#define SOL_PACKET 263
#endif
#define PACKET_IGNORE_OUTGOING 23
#define LINK 14
#define HEADER 20
#define NUMBER_AT (LINK + 2 * HEADER + 8)
#define TIME_AT (NUMBER_AT + 4)
#define WINDOW (1 << 24)

static uint64_t matched, histogram[64];
static uint8_t found[WINDOW / 8];
static pcap_t *receiver;
static volatile int is_over;

static uint64_t ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void put16(uint8_t *at, int value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void build_header(uint8_t *header, int length, uint8_t protocol, uint8_t last)
{
	const uint8_t start[HEADER] = { 0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, protocol, 0, 0, 10, 99, 0, 1, 10, 99, 0, last };
	uint32_t sum = 0;

	memcpy(header, start, HEADER);
	put16(header + 2, length);
	for (int at = 0; at < HEADER; at += 2)
		sum += (uint32_t)(header[at] << 8 | header[at + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	put16(header + 10, (int)(~((sum & 0xffff) + (sum >> 16)) & 0xffff));
}

/* IPv4 from 10.99.0.1 to 10.99.0.2, in it IPv4 and UDP from 10.99.0.1 to itself, and zeros. */
static void build(uint8_t *frame, int length)
{
	static const uint8_t link[LINK] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0 };
	uint8_t *udp = frame + LINK + 2 * HEADER;

	memset(frame, 0, (size_t)length);
	memcpy(frame, link, LINK);
	build_header(frame + LINK, length - LINK, 4, 2);
	build_header(frame + LINK + HEADER, length - LINK - HEADER, 17, 1);
	put16(udp, 33434);
	put16(udp + 2, 33435);
	put16(udp + 4, length - LINK - 2 * HEADER);
}

static void match(uint8_t *unused, const struct pcap_pkthdr *header, const uint8_t *frame)
{
	uint32_t number;
	uint64_t sent, arrived = (uint64_t)header->ts.tv_sec * 1000000000 + (uint64_t)header->ts.tv_usec;

	(void)unused;
	if (header->caplen < TIME_AT - HEADER + 8)
		return;
	memcpy(&number, frame + NUMBER_AT - HEADER, sizeof(number));
	memcpy(&sent, frame + TIME_AT - HEADER, sizeof(sent));
	number = ntohl(number) % WINDOW;
	if (found[number / 8] & 1 << number % 8)
		return;
	found[number / 8] |= (uint8_t)(1 << number % 8);
	histogram[63 - __builtin_clzll((arrived - sent) | 1)]++;
	matched++;
}

static pcap_t *open_pcap(const char *interface, const char *filter, int buffer)
{
	const int one = 1;
	char error[PCAP_ERRBUF_SIZE];
	struct bpf_program program;
	pcap_t *pcap = pcap_create(interface, error);

	pcap_set_snaplen(pcap, 128);
	pcap_set_buffer_size(pcap, buffer);
	pcap_set_timeout(pcap, 10);
	pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
	if (pcap_activate(pcap) < 0 || pcap_compile(pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) < 0 || pcap_setfilter(pcap, &program) < 0) {
		fprintf(stderr, "%s\n", pcap_geterr(pcap));
		exit(1);
	}
	pcap_setnonblock(pcap, 1, error);
	setsockopt(pcap_fileno(pcap), SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
	return pcap;
}

static void *receive(void *cpu)
{
	struct pollfd ready = { .fd = pcap_fileno(receiver), .events = POLLIN };

	while (pcap_dispatch(receiver, -1, match, NULL) > 0 || !is_over)
		poll(&ready, 1, 10);
	*(uint64_t *)cpu = ns(CLOCK_THREAD_CPUTIME_ID);
	return NULL;
}

int main(int count, char **words)
{
	static uint8_t frame[1514];
	uint64_t taken = 0, refused = 0, end, now, cpu, receiving = 0;
	uint32_t sequence = 0;
	pthread_t thread;

	if (count < 4)
		return 2;
	const int length = atoi(words[3]), matches = count > 4;
	if (length < TIME_AT + 8 || length > (int)sizeof(frame))
		return 2;
	build(frame, length);
	pcap_t *sender = open_pcap(words[1], "less 1", 1 << 16); /* nothing passes: it only sends */
	if (matches) {
		receiver = open_pcap(words[1], "udp and dst host 10.99.0.1", 64 << 20);
		pthread_create(&thread, NULL, receive, &receiving);
	}
	cpu = ns(CLOCK_THREAD_CPUTIME_ID);
	now = ns(CLOCK_REALTIME);
	end = now + (uint64_t)(atof(words[2]) * 1e9);
	while (now < end) {
		const uint32_t number = htonl(sequence++);

		if (matches || sequence % 64 == 0) /* round trips need the time of each; to end in time does not */
			now = ns(CLOCK_REALTIME);
		memcpy(frame + NUMBER_AT, &number, sizeof(number));
		memcpy(frame + TIME_AT, &now, sizeof(now));
		if (pcap_inject(sender, frame, (size_t)length) < 0)
			refused++;
		else
			taken++;
	}
	cpu = ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	if (matches) {
		usleep(50000);
		is_over = 1;
		pthread_join(thread, NULL);
	}
	printf("{\"taken\":%llu,\"refused\":%llu,\"matched\":%llu,\"cpuNs\":%llu}\n", (unsigned long long)taken, (unsigned long long)refused,
	       (unsigned long long)matched, (unsigned long long)(cpu + receiving));
	return 0;
}
