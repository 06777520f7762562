//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_DETAIL_ENDS_VALUE_RANGE_HPP
#define STRAIT_DETAIL_ENDS_VALUE_RANGE_HPP

#include <cstddef>
#include <iterator>
#include <optional>

namespace strait::detail {

// The values of a receiver up to the end of its channel, as an input range.
template <class Receiver>
class value_range {
public:
    using value_type = typename Receiver::value_type;

    class iterator {
    public:
        using iterator_concept = std::input_iterator_tag;
        using value_type = typename Receiver::value_type;
        using difference_type = std::ptrdiff_t;

        explicit iterator(value_range& of) noexcept : of_(&of) {}

        value_type& operator*() const noexcept { return *of_->current_; }
        iterator& operator++() {
            of_->advance();
            return *this;
        }
        void operator++(int) { of_->advance(); }

        friend bool operator==(const iterator& i, std::default_sentinel_t) noexcept {
            return i.is_at_end();
        }

    private:
        bool is_at_end() const noexcept { return !of_->current_; }

        value_range* of_;
    };

    explicit value_range(Receiver& from) noexcept : from_(&from) {}

    iterator begin() {
        advance();
        return iterator(*this);
    }
    std::default_sentinel_t end() const noexcept { return {}; }

private:
    // What was there goes first: it may hold ends that the next one waits for.
    void advance() {
        current_.reset();
        current_ = from_->next();
    }

    Receiver* from_;
    std::optional<value_type> current_;
};

}  // namespace strait::detail

#endif
