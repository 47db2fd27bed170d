// Copyright 2026 the snn_gesture_ros authors
// SPDX-License-Identifier: Apache-2.0

// Counts the events of a serialized EventArray in a frame, a thread for each event in turn.
//
// octets     events as they lie in the message, from the first of them on, which is at a multiple
//            of 4 bytes; events/cdr.py says where each field is
// begin_us   events before it and from end_us on are not counted
// columns    of the frame by x, rows times the frame's width by y; their sum is negative outside
// counts     [2, frame_pixels], OFF and ON
// totals     number of events counted; time of the newest of them, after begin_us
extern "C" __global__ void count_event_array(
    const unsigned char *octets, int events, long long begin_us, long long end_us,
    const int *columns, int width, const int *rows, int height, int frame_pixels,
    unsigned int *counts, unsigned int *totals)
{
    const int threads = gridDim.x * blockDim.x;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < events; i += threads) {
        const unsigned char *start = octets + 16LL * i;
        const unsigned short *at = (const unsigned short *)(i ? start - 2 : start);
        const unsigned short x = at[0], y = at[1];
        const long long seconds = *(const int *)(start + 4);
        const long long t_us = 1000000 * seconds + *(const unsigned int *)(start + 8) / 1000;
        if (t_us < begin_us || t_us >= end_us || x >= width || y >= height)
            continue;
        const int place = columns[x] + rows[y];
        if (place < 0)
            continue;
        atomicAdd(&counts[place + (start[12] ? frame_pixels : 0)], 1u);
        atomicAdd(&totals[0], 1u);
        atomicMax(&totals[1], (unsigned int)(t_us - begin_us));
    }
}
