//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_SUPPORT_SANITIZED_HPP
#define STRAIT_TEST_SUPPORT_SANITIZED_HPP

namespace strait::test {

// Sanitizers make everything some thirty times slower: what is done very often is done less often.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool is_sanitized = true;
#elif defined(__has_feature)
inline constexpr bool is_sanitized =
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
inline constexpr bool is_sanitized = false;
#endif

// UndefinedBehaviorSanitizer, which comes with that of addresses here, looks at memory through pipes:
// where it can make none it reports faults that are none.
#if defined(__has_feature)
inline constexpr bool sanitizer_needs_descriptors = __has_feature(address_sanitizer);
#else
inline constexpr bool sanitizer_needs_descriptors = false;
#endif

// ThreadSanitizer keeps back a signal that comes while a thread is blocked in the system.
#if defined(__has_feature)
inline constexpr bool sanitizer_delays_signals = __has_feature(thread_sanitizer);
#else
inline constexpr bool sanitizer_delays_signals = false;
#endif

}  // namespace strait::test

#endif
