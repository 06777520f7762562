#
# Copyright (c) 2026 The strait authors
#
# Distributed under the Boost Software License, Version 1.0.
#

# What check.sh runs: holds MODEL NAME FLAGS [PAN_FLAGS], and the same with breaks.

holds links "two links, 2 kills, 1 move" "-DKILLS=2 -DMOVES=1"
holds links "two links, 1 kill, 2 moves" "-DKILLS=1 -DMOVES=2"
holds links "three links, 1 kill, 1 move" "-DTHREE -DKILLS=1 -DMOVES=1"
holds links "direct adoption, 1 kill, 1 move" "-DLOCAL -DKILLS=1 -DMOVES=1"
holds links "the receiver dies, 1 kill, 1 move" "-DRECEIVER_DIES -DKILLS=1 -DMOVES=1"
breaks links "MESSAGE_FIRST" "-DKILLS=1 -DMOVES=0 -DMESSAGE_FIRST"
breaks links "NO_WITHDRAW" "-DKILLS=1 -DMOVES=0 -DNO_WITHDRAW"
breaks links "NO_ROUND" "-DKILLS=1 -DMOVES=0 -DNO_ROUND"
breaks links "LATE_ROUND" "-DLOCAL -DKILLS=0 -DMOVES=0 -DLATE_ROUND"
breaks links "NEW_NOT_READ" "-DKILLS=1 -DMOVES=0 -DNEW_NOT_READ"
breaks links "SHORT_READ_PROVES" "-DKILLS=1 -DMOVES=0 -DSHORT_READ_PROVES"
breaks links "EAGER_END" "-DKILLS=1 -DMOVES=0 -DEAGER_END"
breaks links "END_AT_HANGUP" "-DKILLS=1 -DMOVES=0 -DEND_AT_HANGUP"
breaks links "AGES" "-DKILLS=0 -DMOVES=1 -DAGES"
breaks links "NO_HALF" "-DKILLS=0 -DMOVES=1 -DNO_HALF"
breaks links "NO_LINE" "-DKILLS=0 -DMOVES=1 -DNO_LINE"
breaks links "NEVER_STOPS" "-DKILLS=0 -DMOVES=1 -DNEVER_STOPS"
breaks links "STALE_DIRECT" "-DLOCAL -DKILLS=0 -DMOVES=1 -DSTALE_DIRECT"
