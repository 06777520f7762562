//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef WORD_COUNT_PROGRESS_HPP
#define WORD_COUNT_PROGRESS_HPP

#include "tally.hpp"

namespace word_count {

// Shows on standard error how far the work is: a bar that moves where that is a terminal, else a line
// now and then.
class progress {
public:
    explicit progress(const tally& t);

    // Whenever something was done.
    void update();

private:
    const tally& tally_;
    const bool is_terminal_;
    std::size_t shown_ = 0;  // steps of the bar, or lines
};

}  // namespace word_count

#endif
