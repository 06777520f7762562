//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef WORD_COUNT_REFERENCE_HPP
#define WORD_COUNT_REFERENCE_HPP

#include "messages.hpp"

#include <filesystem>

namespace word_count {

// What wc counts in all regular files below the directory, which is an absolute path. Throws if it
// cannot be run.
counts ask_wc(const std::filesystem::path& directory);

}  // namespace word_count

#endif
