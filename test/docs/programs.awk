# Writes every fenced block of C++ that has a main() to a file PREFIX_N.cpp.
/^```cpp$/ { inside = 1; text = ""; next }
/^```$/ && inside {
    inside = 0
    if (text ~ /int main\(/) {
        file = prefix "_" ++count ".cpp"
        printf "%s", text > file
        close(file)
    }
    next
}
inside { text = text $0 "\n" }
