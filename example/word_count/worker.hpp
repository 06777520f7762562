//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef WORD_COUNT_WORKER_HPP
#define WORD_COUNT_WORKER_HPP

namespace word_count {

// What a worker process does: counts the files that it is sent until nobody sends any more.
int run_worker();

}  // namespace word_count

#endif
