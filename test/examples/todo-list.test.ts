// The tests of an example are tests here, too.
import '../../examples/todo-list.test-example.ts'
